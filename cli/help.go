package cli

// The templates of the help texts. The library that fills them in aligns what
// stands behind a tab.

const appHelp = `theater - {{.Usage}}

Usage:
   {{.UsageText}}

Start here:
   theater new hello          make a project
   theater run hello          build and run it
   theater chain show hello   show what it did

COMMANDS

Exit codes:
   0{{"\t"}}everything was done
   1{{"\t"}}something failed
   2{{"\t"}}the command line is wrong
   3{{"\t"}}what was named does not exist
   4{{"\t"}}a chain failed verification
   5{{"\t"}}a replay went another way than the chain
   6{{"\t"}}no node answers, or it has not recovered yet
   7{{"\t"}}the node does not allow it

theater COMMAND --help tells more about a command.
`

const commandHelp = `{{.HelpName}} - {{.Usage}}

Usage:
   {{.UsageText}}
{{if .Description}}
{{.Description}}
{{end}}
Flags:{{range .VisibleFlags}}
   {{.}}{{end}}

theater --help lists the exit codes.
`

const groupHelp = `{{.HelpName}} - {{.Usage}}

Usage:
   {{.UsageText}}
{{if .Description}}
{{.Description}}
{{end}}
Commands:{{range .VisibleCommands}}
   {{.Name}}{{"\t"}}{{.Usage}}{{end}}

{{.HelpName}} COMMAND --help tells more about a command.
`
