// An actor whose init sorts: work for a compiler and a meter, with nothing of
// the host in it. README.md says what it sorts and what it answers.

#include "../memory.h"
#include "metadata.h"

EXPORT("__pack_types") int pack_types(const u8 **out, u32 *out_n) {
	*out = metadata;
	*out_n = sizeof metadata;
	return 0;
}

// --- qsort, as the C library has it ---

typedef int (*comparison)(const void *, const void *);

// swap exchanges two elements of size bytes, a multiple of four.
static void swap(u8 *a, u8 *b, u32 size) {
	for (u32 *x = (u32 *)a, *y = (u32 *)b; size; size -= 4) {
		u32 t = *x;
		*x++ = *y;
		*y++ = t;
	}
}

// sort is Hoare's quicksort. It calls itself for the smaller part, so that n
// elements take at most log2 n calls inside each other.
static __attribute__((noinline)) void sort(u8 *base, u32 n, u32 size, comparison compare) {
	while (n > 1) {
		u8 *last = base + (n - 1) * size, *i = base, *j = last + size;
		swap(base, base + n / 2 * size, size); // the pivot
		for (;;) {
			do i += size;
			while (i < last && compare(i, base) < 0);
			do j -= size;
			while (compare(base, j) < 0);
			if (i >= j) break;
			swap(i, j, size);
		}
		swap(base, j, size);
		u32 left = (u32)(j - base) / size, right = n - left - 1;
		if (left < right) {
			sort(base, left, size, compare);
			base = j + size;
			n = right;
		} else {
			sort(j + size, right, size, compare);
			n = left;
		}
	}
}

// --- what is sorted ---

enum { COUNT = 100000 };

static int numbers[COUNT];

static int ascending(const void *a, const void *b) {
	int x = *(const int *)a, y = *(const int *)b;
	return (x > y) - (x < y);
}

// A program that calls qsort has its comparison in another unit than qsort: the
// compiler does not know which it is.
static comparison volatile order = ascending;

// ok is the answer: the tuple of the sum, which is the state, as a result with
// the header types that Rust guests write.
static const u8 ok[] = {'C', 'G', 'R', 'F', 2, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0,
	0x0E, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0,             // u32
	0x0B, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, // tuple of node 0
	0x14, 0, 0, 0, 17, 0, 0, 0, 0x0B, 2, 0, 0, 0, 1, 1, 6, 0, 0, 0, 0, 1, 1, 0, 0, 0}; // ok of node 1

enum { SUM = 24 }; // where the u32 lies in it

EXPORT("theater:simple/actor.init")
int actor_init(const u8 *p, u32 n, u8 **out, u32 *out_n) {
	(void)p, (void)n;
	u32 x = 2463534242u, sum = 0;
	for (u32 i = 0; i < COUNT; i++) {
		x ^= x << 13, x ^= x >> 17, x ^= x << 5;
		numbers[i] = (int)x;
	}
	sort((u8 *)numbers, COUNT, sizeof numbers[0], order);
	for (u32 i = 1; i < COUNT; i++) {
		if (numbers[i - 1] > numbers[i]) __builtin_trap();
		sum += i * (u32)numbers[i];
	}
	u8 *answer = block(sizeof ok);
	if (!answer) __builtin_trap();
	__builtin_memcpy(answer, ok, sizeof ok);
	__builtin_memcpy(answer + SUM, &sum, sizeof sum);
	*out = answer;
	*out_n = sizeof ok;
	return 0;
}
