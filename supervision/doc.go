// Package supervision decides what becomes of an actor whose process fails. It
// speaks protoactor's terms and knows nothing of guests, chains or manifests;
// package actors asks it.
//
// An actor whose turn fails ends by itself, with its reason on its chain. What
// is here so far is the guardian at the top of the tree.
package supervision
