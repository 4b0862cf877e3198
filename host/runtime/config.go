package runtime

// Config has no settings.
type Config struct{}
