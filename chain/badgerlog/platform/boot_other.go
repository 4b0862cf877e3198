//go:build !linux && !darwin

package platform

// Boot is empty: the starts of the machine have no names here.
func Boot() string { return "" }
