package supervisor

import "fmt"

const (
	defaultChildren = 1_000
	maxChildren     = 1_000_000
)

// Config is the [[handler]] table of type "supervisor".
type Config struct {
	// MaxChildren is how many children the actor may have for it to spawn one
	// more, those that its manifest declares included. The default is 1,000; 0
	// lets it spawn none.
	MaxChildren int `toml:"max_children"`
}

// Policy restricts how many children an actor may have, as Config.MaxChildren
// does, for an actor and all below it, each by itself.
type Policy struct {
	MaxChildren int `toml:"max_children"`
}

// Validate is asked by the manifest's decoder.
func (c *Config) Validate() error { return validate(c.MaxChildren) }

// Validate is asked by the manifest's decoder.
func (p *Policy) Validate() error { return validate(p.MaxChildren) }

func validate(children int) error {
	if children < 0 || children > maxChildren {
		return fmt.Errorf("max_children is %d: it is between 0 and %d", children, maxChildren)
	}
	return nil
}
