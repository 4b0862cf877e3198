// Drives a node as a program would: node smoke.mjs PATH-OF-SOCKET FOLDER, where
// FOLDER holds the manifest of examples/counter. It ends with 1 at the first
// answer that is not the one it should be.
import assert from "node:assert/strict";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { ActorService } from "./gen/theater/v1/actors_pb.js";
import { ChainService } from "./gen/theater/v1/chain_pb.js";
import { ErrorInfoSchema } from "./gen/theater/v1/common_pb.js";
import { MessageService } from "./gen/theater/v1/messages_pb.js";
import { NodeService, NodeState } from "./gen/theater/v1/node_pb.js";

const [socketPath, path] = process.argv.slice(2);
const baseUrl = "http://node";
const text = new TextDecoder(), bytes = (s) => new TextEncoder().encode(s);

async function smoke(protocol, transport) {
  const [actors, messages, chain, node] = [ActorService, MessageService, ChainService, NodeService].map((s) => createClient(s, transport));

  const info = await node.info({});
  assert.equal(info.state, NodeState.READY);

  const name = `smoke-${protocol}`;
  const { actor } = await actors.spawn({ source: { case: "path", value: path }, name });
  assert.equal(actor.path, `/${name}`);

  const watching = new AbortController();
  const changes = actors.watch({ under: actor.id }, { signal: watching.signal })[Symbol.asyncIterator]();
  await changes.next(); // it has begun

  for (const want of ["1", "2"]) {
    const { body } = await messages.request({ target: actor.path, body: bytes("increment") });
    assert.equal(text.decode(body), want);
  }
  const { state } = await actors.getState({ target: actor.id });
  assert.match(state.literal, /2/);

  const listed = await actors.list({ filter: { under: actor.path } });
  assert.deepEqual(listed.actors.map((a) => a.id), [actor.id]);
  const inspected = await actors.inspect({ target: actor.path });
  assert.equal(inspected.actor.turns, 3n);

  const kinds = [];
  for await (const { event } of chain.events({ target: actor.id, from: 0n })) {
    if (event) kinds.push(event.kind);
  }
  assert.equal(kinds[0], "genesis");
  assert.equal(kinds.filter((k) => k === "result").length, 3);

  const refused = await actors.inspect({ target: "/nobody" }).catch((e) => ConnectError.from(e));
  assert.equal(refused.code, Code.NotFound);
  assert.equal(refused.findDetails(ErrorInfoSchema)[0].field, "target");

  const { exit } = await actors.stop({ target: actor.path });
  assert.equal(exit.reason, "shutdown");
  let gone;
  while (!gone) {
    const { value, done } = await changes.next();
    assert.ok(!done, "the watch ends before it tells of the end");
    gone = value.change?.what === "gone" && value.change.path === actor.path;
  }
  watching.abort();
  console.log(`${protocol}: ok`);
}

const options = { baseUrl, nodeOptions: { socketPath } };
await smoke("connect", createConnectTransport({ httpVersion: "1.1", ...options }));
await smoke("grpc-web", createGrpcWebTransport({ httpVersion: "1.1", ...options }));
await smoke("connect-json", createConnectTransport({ httpVersion: "1.1", useBinaryFormat: false, ...options }));
