package api

import (
	"context"
	"io"

	"connectrpc.com/connect"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// Backup yields a backup of the log in pieces.
func (s *nodeService) Backup(ctx context.Context, _ *theaterv1.BackupRequest, out *connect.ServerStream[theaterv1.BackupResponse]) error {
	if s.Server.Backup == nil {
		return refuse(CodeDurability, "this node keeps its chains in memory alone").hinting("start it with a data folder")
	}
	pieces := &backupSender{out: out}
	return s.Server.Backup(ctx, pieces, func(total uint64) { pieces.total = total })
}

// backupSender sends what is written.
type backupSender struct {
	out   *connect.ServerStream[theaterv1.BackupResponse]
	total uint64 // until it is sent
}

func (s *backupSender) Write(b []byte) (n int, err error) {
	for len(b) > 0 {
		piece := b[:min(len(b), pieceSize)]
		if err := s.out.Send(&theaterv1.BackupResponse{Data: piece, Total: s.total}); err != nil {
			return n, err
		}
		n, b, s.total = n+len(piece), b[len(piece):], 0
	}
	return n, nil
}

// Backup writes a backup of the node's chains to to. begun is told about how many bytes
// there will be, before the first; nil drops that. After an error what was written is
// none.
func (c *Client) Backup(ctx context.Context, to io.Writer, begun func(total uint64)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.Node.Backup(ctx, &theaterv1.BackupRequest{})
	if err != nil {
		return err
	}
	defer stream.Close()
	for stream.Receive() {
		m := stream.Msg()
		if m.Total > 0 && begun != nil {
			begun(m.Total)
		}
		if _, err := to.Write(m.Data); err != nil {
			return err
		}
	}
	return stream.Err()
}
