//! Messages: bytes in, values out. One rule: pure, and total: no bytes can make it fail.
