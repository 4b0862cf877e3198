package chain

// reused are the commonest events of a chain, for who looks at one after the other
// and keeps none.
type reused struct {
	call   Call
	host   Host
	result Result
}

func (d *decoder) aCall() *Call {
	if d.again != nil {
		return &d.again.call
	}
	return new(Call)
}

func (d *decoder) aHost() *Host {
	if d.again != nil {
		return &d.again.host
	}
	return new(Host)
}

func (d *decoder) aResult() *Result {
	if d.again != nil {
		return &d.again.result
	}
	return new(Result)
}
