package message

import (
	"fmt"
	"strings"
)

// Config is the [[handler]] table of type "message-server".
type Config struct {
	// Allow lists paths of other trees whose actors may be addressed: the actor
	// at the path and all below it. The own tree may always be addressed.
	Allow []string `toml:"allow"`
}

// Policy restricts the targets outside the own tree, as Config.Allow does, for
// an actor and all below it.
type Policy struct {
	Allow []string `toml:"allow"`
}

// Validate is asked by the manifest's decoder.
func (c *Config) Validate() error { return validate(c.Allow) }

// Validate is asked by the manifest's decoder.
func (p *Policy) Validate() error { return validate(p.Allow) }

func validate(allow []string) error {
	for _, path := range allow {
		if !strings.HasPrefix(path, "/") {
			return fmt.Errorf("allow has %q: a path begins with /", path)
		}
	}
	return nil
}
