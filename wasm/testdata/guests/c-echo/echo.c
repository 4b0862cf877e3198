// A lean message actor: it answers a request with the request's bytes, plays
// ping-pong, sends bursts, traps when it is told to, and hands its state back as
// it came. README.md has the protocol.
//
// It relies on the canonical order of encoded values: a node comes after
// everything it refers to, so the nodes from the first up to the state's root
// are the state, and copying them keeps every index in them right.

#include "../memory.h"
#include "metadata.h"

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))

IMPORT("theater:simple/message-server-host", "register")
int host_register(const u8 *in, u32 n, u8 **out, u32 *out_n);
IMPORT("theater:simple/message-server-host", "send")
int host_send(const u8 *in, u32 n, u8 **out, u32 *out_n);
IMPORT("theater:simple/runtime", "self")
int host_self(const u8 *in, u32 n, u8 **out, u32 *out_n);

enum { STRING = 0x06, LIST = 0x07, OPTION = 0x0A, TUPLE = 0x0B, U8 = 0x0C, RESULT = 0x14, ARRAY = 0x15 };
enum { HEADER = 16, NODE = 8, MAX_ID = 255 };

static u8 self_id[MAX_ID];
static u32 self_len;

EXPORT("__pack_types") int pack_types(const u8 **out, u32 *out_n) {
	*out = metadata;
	*out_n = sizeof metadata;
	return 0;
}

// --- reading ---

static u32 get32(const u8 *p) {
	u32 v;
	__builtin_memcpy(&v, p, 4);
	return v;
}

// A node as it lies in the input: its kind, payload and the bytes of both.
typedef struct {
	const u8 *at, *payload;
	u32 size;
} node;

// The input of a callback: a tuple whose first item is the state.
typedef struct {
	const u8 *nodes;         // the first node
	u32 state_nodes;         // how many nodes the state has
	u32 state_size;          // and bytes
	node arg[2];             // the items after the state
	u32 args;
} input;

// find sets n to the node of the index; nodes are walked from the first.
static int find(const u8 *in, u32 len, u32 index, node *n) {
	u32 at = HEADER;
	for (;;) {
		if (at + NODE > len) return 0;
		u32 size = get32(in + at + 4);
		if (size > len - at - NODE) return 0;
		if (!index--) {
			*n = (node){in + at, in + at + NODE, size};
			return 1;
		}
		at += NODE + size;
	}
}

static int read(const u8 *in, u32 len, input *out) {
	node root, state;
	if (len < HEADER || !find(in, len, get32(in + 12), &root) || root.at[0] != TUPLE) return 0;
	u32 items = get32(root.payload);
	if (items < 1 || items > 3) return 0;
	u32 index = get32(root.payload + 4);
	if (!find(in, len, index, &state)) return 0;
	out->nodes = in + HEADER;
	out->state_nodes = index + 1;
	out->state_size = (u32)(state.payload + state.size - out->nodes);
	out->args = items - 1;
	for (u32 i = 0; i < out->args; i++)
		if (!find(in, len, get32(root.payload + 8 + 4 * i), &out->arg[i])) return 0;
	return 1;
}

// bytes reports the bytes of a list<u8>.
static int bytes(const node *n, const u8 **p, u32 *len) {
	if (n->at[0] != ARRAY || n->size < 5 || n->payload[0] != U8) return 0;
	*p = n->payload + 5;
	*len = n->size - 5;
	return 1;
}

// --- writing ---

typedef struct {
	u8 *start, *at;
	u32 nodes;
} writer;

static void put(writer *w, const void *p, u32 n) {
	__builtin_memcpy(w->at, p, n);
	w->at += n;
}

static void put32(writer *w, u32 v) {
	__builtin_memcpy(w->at, &v, 4);
	w->at += 4;
}

// begin opens a value of at most n bytes.
static int begin(writer *w, u32 n) {
	*w = (writer){block(n), 0, 0};
	w->at = w->start + HEADER;
	return w->start != 0;
}

// node_head opens a node and returns its index.
static u32 node_head(writer *w, u32 kind, u32 size) {
	put32(w, kind);
	put32(w, size);
	return w->nodes++;
}

// finish writes the header and returns the size; the root is the last node.
static u32 finish(writer *w) {
	u8 *end = w->at;
	w->at = w->start;
	put32(w, 0x46524743); // CGRF
	put32(w, 2);
	put32(w, w->nodes);
	put32(w, w->nodes - 1);
	return (u32)(end - w->start);
}

static u32 put_bytes(writer *w, const u8 *p, u32 n) {
	u32 i = node_head(w, ARRAY, 5 + n);
	*w->at++ = U8;
	put32(w, n);
	put(w, p, n);
	return i;
}

static u32 put_string(writer *w, const void *p, u32 n) {
	u32 i = node_head(w, STRING, 4 + n);
	put32(w, n);
	put(w, p, n);
	return i;
}

static u32 put_tuple(writer *w, u32 n, u32 a, u32 b) {
	u32 i = node_head(w, TUPLE, 4 + 4 * n);
	put32(w, n);
	put32(w, a);
	if (n == 2) put32(w, b);
	return i;
}

// put_result closes a value as the result of the item written last, with the
// header types that Rust guests write.
static void put_result(writer *w, int ok) {
	static const u8 ok_types[] = {TUPLE, 2, 0, 0, 0, 1, 1, STRING}, err_types[] = {1, STRING};
	u32 last = w->nodes - 1;
	if (ok) {
		node_head(w, RESULT, sizeof ok_types + 9);
		put(w, ok_types, sizeof ok_types);
	} else {
		node_head(w, RESULT, sizeof err_types + 9);
		put(w, err_types, sizeof err_types);
	}
	put32(w, !ok);
	*w->at++ = 1;
	put32(w, last);
}

// --- answers ---

enum { OK_RESULT = NODE + 17, ERR_RESULT = NODE + 11, BYTES = NODE + 5, TEXT = NODE + 4, SOME_BYTES = NODE + 7 };

static u32 tuple_size(u32 n) {
	return NODE + 4 + 4 * n;
}

// hand gives a finished value to the host. It fills its block exactly, so that
// the host's free finds the list that the block came from.
static int hand(writer *w, u8 **out, u32 *out_n) {
	*out_n = finish(w);
	*out = w->start;
	return 0;
}

// fail answers with an err result that holds the text.
static int fail(const char *text, u32 n, u8 **out, u32 *out_n) {
	writer w;
	if (!begin(&w, HEADER + TEXT + n + ERR_RESULT)) __builtin_trap();
	put_string(&w, text, n);
	put_result(&w, 0);
	return hand(&w, out, out_n);
}

#define FAIL(text) fail(text, sizeof text - 1, out, out_n)

// begin_state opens an answer and copies the state into it, as nodes 0 and up.
static u32 begin_state(writer *w, const input *in, u32 more) {
	if (!begin(w, HEADER + in->state_size + more)) __builtin_trap();
	put(w, in->nodes, in->state_size);
	w->nodes = in->state_nodes;
	return in->state_nodes - 1;
}

// keep answers ok with the state alone.
static int keep(const input *in, u8 **out, u32 *out_n) {
	writer w;
	u32 state = begin_state(&w, in, tuple_size(1) + OK_RESULT);
	put_tuple(&w, 1, state, 0);
	put_result(&w, 1);
	return hand(&w, out, out_n);
}

// --- calls to the host ---

// done tells whether a host function answered ok: the tag of the result, which
// is the root and so the last node, lies nine bytes before the end.
static int done(int status, const u8 *out, u32 n) {
	int ok = status >= 0 && n >= HEADER + NODE + 9 && get32(out + n - 9) == 0;
	if (status == 1) pack_free((u8 *)out, n);
	return ok;
}

static const u8 unit[] = {'C', 'G', 'R', 'F', 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, TUPLE, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0};

static int learn_self(void) {
	u8 *out;
	u32 n;
	node id;
	int status = host_self(unit, sizeof unit, &out, &n);
	if (status < 0 || !find(out, n, 0, &id) || id.at[0] != STRING || id.size - 4 > MAX_ID) return 0;
	self_len = id.size - 4;
	__builtin_memcpy(self_id, id.payload + 4, self_len);
	if (status == 1) pack_free(out, n);
	return 1;
}

// pass sends a ball so many times: to the target, with this actor as the next
// target.
static int pass(const u8 *target, u32 target_len, u32 times, u32 hops, const u8 *payload, u32 n) {
	u8 *out;
	u32 out_n, msg = 1 + self_len + 4 + n;
	u32 size = HEADER + TEXT + target_len + BYTES + msg + tuple_size(2);
	int ok = 1;
	writer w;
	if (!begin(&w, size)) return 0;
	put_string(&w, target, target_len);
	node_head(&w, ARRAY, 5 + msg);
	*w.at++ = U8;
	put32(&w, msg);
	*w.at++ = (u8)self_len;
	put(&w, self_id, self_len);
	put32(&w, hops);
	put(&w, payload, n);
	put_tuple(&w, 2, 0, 1);
	finish(&w);
	while (ok && times--) {
		int status = host_send(w.start, size, &out, &out_n);
		ok = done(status, out, out_n);
	}
	pack_free(w.start, size);
	return ok;
}

// A message is a target, a number and a payload.
typedef struct {
	const u8 *target, *payload;
	u32 target_len, number, payload_len;
} ball;

static int read_ball(const u8 *msg, u32 len, ball *b) {
	if (len < 5 || len - 5 < msg[0]) return 0;
	u32 n = msg[0];
	*b = (ball){msg + 1, msg + 5 + n, n, get32(msg + 1 + n), len - 5 - n};
	return 1;
}

// command does what a message says that begins with 0, where the length of a
// target would be. What it does not know it leaves.
static int command(const u8 *msg, u32 len) {
	ball b;
	switch (len ? msg[0] : 0) {
	case 'b':
		return !read_ball(msg + 1, len - 1, &b) || pass(b.target, b.target_len, b.number, 0, b.payload, b.payload_len);
	case 't':
		__builtin_trap();
	}
	return 1;
}

// --- the actor ---

EXPORT("theater:simple/actor.init")
int actor_init(const u8 *p, u32 n, u8 **out, u32 *out_n) {
	input in;
	u8 *answer;
	u32 answer_n;
	if (!read(p, n, &in)) return FAIL("malformed input");
	int status = host_register(unit, sizeof unit, &answer, &answer_n);
	if (!done(status, answer, answer_n)) return FAIL("register refused");
	if (!learn_self()) return FAIL("no self id");
	return keep(&in, out, out_n);
}

EXPORT("theater:simple/message-server-client.handle-send")
int handle_send(const u8 *p, u32 n, u8 **out, u32 *out_n) {
	input in;
	const u8 *msg;
	u32 len;
	if (!read(p, n, &in) || in.args != 1 || !bytes(&in.arg[0], &msg, &len)) return FAIL("malformed input");
	ball b;
	int ok = 1;
	if (len && !msg[0])
		ok = command(msg + 1, len - 1);
	else if (read_ball(msg, len, &b) && b.number)
		ok = pass(b.target, b.target_len, 1, b.number - 1, b.payload, b.payload_len);
	if (!ok) return FAIL("send refused");
	return keep(&in, out, out_n);
}

EXPORT("theater:simple/message-server-client.handle-request")
int handle_request(const u8 *p, u32 n, u8 **out, u32 *out_n) {
	static const u8 some[] = {LIST, U8, 1};
	input in;
	const u8 *msg;
	u32 len;
	writer w;
	if (!read(p, n, &in) || in.args != 2 || !bytes(&in.arg[1], &msg, &len)) return FAIL("malformed input");
	u32 state = begin_state(&w, &in, BYTES + len + SOME_BYTES + tuple_size(1) + tuple_size(2) + OK_RESULT);
	u32 item = put_bytes(&w, msg, len);
	u32 option = node_head(&w, OPTION, sizeof some + 4);
	put(&w, some, sizeof some);
	put32(&w, item);
	put_tuple(&w, 2, state, put_tuple(&w, 1, option, 0));
	put_result(&w, 1);
	return hand(&w, out, out_n);
}
