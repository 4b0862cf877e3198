// Package platform is what the operating system does for a data folder, where systems
// differ: locks that end with their process, disk that is given to a file ahead, free
// space, files that survive a power cut, and the names of the machine's starts. What a
// system cannot do is said by each function.
//
// It keeps nothing and knows nothing of what a folder holds; each function may be called
// at the same time as any other. chain/badgerlog imports it, and who has a lock of its own
// to wait for.
package platform
