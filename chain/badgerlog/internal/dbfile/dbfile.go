// Package dbfile is what is known of the files of a Badger database besides what Badger
// itself does with them: it checks them before Badger opens and changes them, gives them
// their disk before Badger fills them, and finds in damaged ones the values that are left,
// without Badger.
//
// It knows nothing of what the values are; a Schema says how they are told from other
// bytes. It never changes what is in a file that Badger has written. Only chain/badgerlog
// imports it.
package dbfile
