package cli

import (
	"time"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/manifest"
)

const runText = `PATH is a manifest or a folder with a manifest.toml. Where a folder of its tree
holds Go source, that is built first. The actor is told what the flags --request,
--send and --call say, in the order in which they stand. Answers, and what the
actor ends with, go to standard output, each as it is, with a line break behind
it; all else goes to standard error: the tree that has started, what the actors
write, and each failure of one below the first in one line, with what its
supervisor does about it. Further PATHs are started before the first, to be its
company; the exit code tells of the first alone.

With requests or calls the run ends when all are answered, otherwise with Ctrl-C
or when the actor ends. Ctrl-C a second time kills what does not end. All that
happened is on the actors' chains in the data folder, where the actors stay
suspended until --resume continues them or a new run takes their place.

A TEXT that is - is read from standard input, one that is @FILE from the file.
A LITERAL is read as the types that the actor declares of EXPORT, see theater call;
where none are declared it names them: ("text", 5u8, true), some<u8>(5u8). Bytes are
b"text", in which \x00 is any byte, or a list, [103u8, 101u8].

With -o json an answer is one object on a line, with the message under its kind:
   {"answer":"2","request":"get"}
An answer that is not UTF-8 text stands under "answer_base64"; a failure under
"error"; what a call returns is a literal; what the actor ends with stands under
"exit" and "data".

--tree shows the actor and those below it as they stood when the run began to
end them, or the actor to end by itself: what they did, how often each had
started again, and its last failure. With -o json there is one document then:
   {"answers": [...], "end": {...}, "tree": {"path": "/shop", "status": "running",
   "restarts": 0, "last_failure": null, "children": [...]}}
"answers" and "end" hold the objects that would stand on lines, if there are any;
a failure has "reason" and "detail", and for a trap "trap" with "kind" and
"function".

Examples:
   theater run examples/counter --request increment --request get
   theater run examples/counter --resume --request get
   theater run examples/counter --call 'theater:simple/message-server-client.handle-request ("1", b"get")'
   theater run . --for 10s --data /tmp/try --tree`

func (p *program) runCommand() *cli.Command {
	format, durability := choose("text", formatJSON), &choice{words: []string{"async", "sync"}}
	o := &runOptions{}
	return &cli.Command{
		Name:        "run",
		Usage:       "run an actor",
		UsageText:   "theater run PATH... [FLAGS]",
		Description: runText,
		Flags: []cli.Flag{
			&cli.GenericFlag{Name: "request", Value: messageFlag{kindRequest, &o.messages}, Usage: "request an answer to `TEXT`; may be repeated"},
			&cli.GenericFlag{Name: "send", Value: messageFlag{kindSend, &o.messages}, Usage: "send `TEXT` and expect no answer; may be repeated"},
			&cli.GenericFlag{Name: "call", Value: messageFlag{kindCall, &o.messages}, Usage: "call `'EXPORT LITERAL'`, with a tuple or a single parameter; may be repeated"},
			&cli.DurationFlag{Name: "for", Usage: "end `TIME` after the actor's start, such as 5s, and kill what then still runs", DefaultText: "no end"},
			dataFlag(&o.data),
			&cli.GenericFlag{Name: "durability", Value: durability, Usage: "`MODE` of a new data folder: async survives the death of the process, sync a power cut", DefaultText: "async"},
			&cli.StringFlag{Name: "memory", Usage: "`SIZE` of linear memory that all actors together may have, such as 512MiB", DefaultText: "no bound"},
			&cli.BoolFlag{Name: "resume", Usage: "continue the actor that was left suspended or cut off, from its chain", DisableDefaultText: true},
			&cli.BoolFlag{Name: "tree", Usage: "show at the end how the actor and those below it stood", DisableDefaultText: true},
			&cli.BoolFlag{Name: "stacks", Usage: "show the stacks that Go guests print when they panic", DisableDefaultText: true, Destination: &o.stacks},
			outputFlag(format),
		},
		Action: func(c *cli.Context) error {
			var err error
			if o.paths, err = arguments(c, 1, -1, "a PATH: a manifest or a folder with one"); err != nil {
				return err
			}
			if o.data == "" {
				return usagef("theater run", "--data names no folder")
			}
			o.limit, o.limited = c.Duration("for"), c.IsSet("for")
			if o.limited && o.limit <= 0 {
				return usagef("theater run", "--for %s is no time to run", o.limit)
			}
			if size := c.String("memory"); size != "" {
				var ok bool
				if o.memory, ok = manifest.ParseSize(size); !ok || o.memory == 0 {
					return usagef("theater run", "--memory %q is no size: write it as 512MiB or 2GiB", size)
				}
			}
			o.resume, o.tree, o.durability, o.format = c.Bool("resume"), c.Bool("tree"), durability.value, format.value
			if err := p.readBodies(o.messages); err != nil {
				return err
			}
			return p.run(c.Context, o)
		},
	}
}

type runOptions struct {
	paths            []string // the first is the actor, the others its company
	messages         []*message
	limit            time.Duration
	limited          bool
	data, durability string
	memory           int64
	resume, tree     bool
	stacks           bool // of Go guests that panic are shown as they are
	format           string
}

func dataFlag(dir *string) cli.Flag {
	return &cli.StringFlag{Name: "data", Value: ".theater", Destination: dir, Usage: "the data folder `DIR` holds the chains"}
}
