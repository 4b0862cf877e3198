// The memory of a C guest: power-of-two blocks, a free list for each size. It is
// included once.

typedef unsigned char u8;
typedef unsigned int u32;

#define EXPORT(name) __attribute__((export_name(name)))

extern u8 __heap_base;
static u8 *heap_top;
static u8 *free_list[32];

static u32 size_class(u32 n) {
	return n <= 16 ? 4 : 32 - (u32)__builtin_clz(n - 1);
}

// block returns n bytes of any content, or 0 when memory cannot grow.
static u8 *block(u32 n) {
	if (n > 1u << 30) return 0;
	u32 c = size_class(n);
	u8 *p = free_list[c];
	if (p) {
		free_list[c] = *(u8 **)p;
		return p;
	}
	if (!heap_top) heap_top = (u8 *)(((u32)&__heap_base + 15) & ~15u);
	u32 have = ((u32)__builtin_wasm_memory_size(0) << 16) - (u32)heap_top, need = 1u << c;
	if (need > have && __builtin_wasm_memory_grow(0, (need - have + 0xffff) >> 16) == (__SIZE_TYPE__)-1) return 0;
	p = heap_top;
	heap_top += need;
	return p;
}

EXPORT("__pack_alloc") u8 *pack_alloc(int n) {
	u8 *p = n <= 0 ? 0 : block((u32)n);
	if (p) __builtin_memset(p, 0, (u32)n);
	return p;
}

EXPORT("__pack_free") void pack_free(u8 *p, u32 n) {
	if (!p || !n) return;
	u32 c = size_class(n);
	*(u8 **)p = free_list[c];
	free_list[c] = p;
}
