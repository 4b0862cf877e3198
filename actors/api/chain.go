package api

import (
	"github.com/theater-go/theater/proto/theater/v1/theaterv1connect"
)

// chainService reads chains.
type chainService struct {
	*Server
	theaterv1connect.UnimplementedChainServiceHandler
}
