package api

import "time"

// Tokens are those by which clients are known.
type Tokens struct{}

// Check says who has a token.
func (t *Tokens) Check(secret string, now time.Time) (Principal, bool) { return Principal{}, false }
