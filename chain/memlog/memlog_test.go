package memlog_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/chain/memlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLog(t *testing.T) {
	chaintest.Run(t, func(*testing.T) chain.Log { return memlog.New() })
}
