//! A message actor that counts: the Rust test guest.
//!
//! One source for every generation of packr-guest that is tested; the crates
//! beside it differ only in the version they ask for.

#![no_std]

extern crate alloc;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use packr_guest::{export, import, pack_types, GraphValue, Value};

packr_guest::setup_guest!();

pack_types! {
    record counter {
        count: u64,
    }
    imports {
        theater:simple/runtime {
            log: func(msg: string),
        }
        theater:simple/message-server-host {
            register: func() -> result<_, string>,
        }
    }
    exports {
        theater:simple/actor.init: func(state: value) -> result<tuple<counter, value>, string>,
        theater:simple/message-server-client.handle-send: func(state: counter, msg: list<u8>) -> result<tuple<counter, value>, string>,
        theater:simple/message-server-client.handle-request: func(state: counter, id: string, msg: list<u8>) -> result<tuple<counter, tuple<option<list<u8>>>>, string>,
    }
}

#[import(module = "theater:simple/runtime", name = "log")]
fn log(msg: String);

#[import(module = "theater:simple/message-server-host", name = "register")]
fn register() -> Result<(), String>;

/// What the actor remembers between calls.
#[derive(GraphValue)]
#[graph(crate = "packr_guest::composite_abi")]
struct Counter {
    count: u64,
}

/// Starts at zero, or goes on from a counter or a decimal number given as the
/// initial state.
#[export(name = "theater:simple/actor.init", state = "Value")]
fn init(state: Value) -> Result<(Counter, ()), String> {
    let count = match state {
        Value::String(text) => text.parse().map_err(|_| format!("not a number: {}", text))?,
        record @ Value::Record { .. } => Counter::try_from(record)
            .map_err(|_| "not a counter".to_string())?
            .count,
        _ => 0,
    };
    register()?;
    log(format!("counter starts at {}", count));
    Ok((Counter { count }, ()))
}

/// Carries out one command and forgets the answer.
#[export(name = "theater:simple/message-server-client.handle-send", state = "Counter")]
fn handle_send(state: Counter, msg: Vec<u8>) -> Result<(Counter, ()), String> {
    Ok((run(state, &msg)?, ()))
}

/// Carries out one command and answers with the count in decimal.
#[export(name = "theater:simple/message-server-client.handle-request", state = "Counter")]
fn handle_request(
    state: Counter,
    _id: String,
    msg: Vec<u8>,
) -> Result<(Counter, (Option<Vec<u8>>,)), String> {
    let state = run(state, &msg)?;
    let answer = state.count.to_string().into_bytes();
    Ok((state, (Some(answer),)))
}

/// The commands: increment, get, fail (an err result), crash (a panic).
fn run(state: Counter, msg: &[u8]) -> Result<Counter, String> {
    match msg {
        b"increment" => Ok(Counter { count: state.count + 1 }),
        b"get" => Ok(state),
        b"fail" => Err("asked to fail".to_string()),
        b"crash" => panic!("asked to crash"),
        _ => Err(format!("unknown command: {}", String::from_utf8_lossy(msg))),
    }
}
