//! What is signed: delegations, call proofs, receipts, the hash chain; and the verification of each.
