package chain

import (
	"errors"
	"fmt"
)

var (
	// ErrNotFound is returned when an actor, a record or a blob is not in the log.
	ErrNotFound = errors.New("not found")
	// ErrAmbiguous is returned when what is named could be several.
	ErrAmbiguous = errors.New("say more of it")
	// ErrWriterHeld is returned when a log already has a writer.
	ErrWriterHeld = errors.New("log already has a writer")
	// ErrStaleWriter is returned to a writer after a newer one took its place.
	ErrStaleWriter = errors.New("writer is stale")
	// ErrClosed is returned when a log or a writer is used after its Close.
	ErrClosed = errors.New("log is closed")
	// ErrReadOnly is returned when a writer is asked of a log opened for reading.
	ErrReadOnly = errors.New("log is open for reading only")
	// ErrNoSpace is returned when the disk has less room than the log needs.
	ErrNoSpace = errors.New("no space left for the log")
	// ErrNumber is returned when an appended record is not the actor's next one.
	ErrNumber = errors.New("record number is not the next one")
	// ErrEncode is returned when a record cannot be written in the format.
	ErrEncode = errors.New("record cannot be encoded")
	// ErrCorrupt is returned when stored bytes are not what was written, or not
	// in the format.
	ErrCorrupt = errors.New("corrupt")
	// ErrInvalid is returned by Verify when a chain contradicts itself.
	ErrInvalid = errors.New("invalid chain")
	// ErrInUse is returned, as *InUseError, when another process has the folder.
	ErrInUse = errors.New("data folder is in use")
	// ErrVersion is returned when data is of a newer format than this program's.
	ErrVersion = errors.New("format version is not supported")
)

// InUseError names the process that has a data folder open.
type InUseError struct {
	Path    string
	PID     int    // 0 when unknown
	Command string // the process's command line; empty when unknown
}

func (e *InUseError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("data folder %s is in use by another process", e.Path)
	}
	return fmt.Sprintf("data folder %s is in use by process %d (%s)", e.Path, e.PID, e.Command)
}

// Is makes an InUseError an ErrInUse.
func (e *InUseError) Is(target error) bool { return target == ErrInUse }
