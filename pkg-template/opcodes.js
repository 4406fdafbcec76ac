// The opcodes of WebAssembly, and the parts of its code. Each part compresses better alone than among the others: the
// encoder separates them, the decoder puts them together.
//
// Code is read as instructions of an opcode and at most one number. Bytes that follow the number (types, and tables
// and memories, which are 0 or 1) pass for instructions without a number. Only `br_table` has more numbers.

export const OPCODES = 0;
export const LOCALS = 1;
export const INTEGERS = 2;
export const OFFSETS = 3;
export const CALLS = 4;
export const OTHERS = 5;
export const LABELS = 6;
/** Not numbers, but eight bytes each. */
export const DOUBLES = 7;
/** The local variables that functions declare. */
export const DECLARATIONS = 8;
/** The sections before and after the code. */
export const REST = 9;

export const BR_TABLE = 0x0e;
export const LOAD = 0x28;
export const STORE = 0x3e;

/** The alignments of loads and stores, as exponents: an offset follows. */
export const ALIGNMENTS = "23230011001122232301012";

/** The part of the number that follows an opcode, for ranges of opcodes. */
export const RANGES = [
  // Blocks.
  [0x02, 0x04, OTHERS],
  [0x0c, BR_TABLE, LABELS],
  [0x10, 0x10, CALLS],
  // Indirect calls, and `select` with a type.
  [0x11, 0x11, OTHERS],
  [0x1c, 0x1c, OTHERS],
  [0x20, 0x22, LOCALS],
  // Globals and tables.
  [0x23, 0x26, OTHERS],
  [LOAD, STORE, OFFSETS],
  // The size of the memory.
  [0x3f, 0x40, OTHERS],
  [0x41, 0x42, INTEGERS],
  [0x44, 0x44, DOUBLES],
  // References, and what has a second opcode.
  [0xd0, 0xd0, OTHERS],
  [0xd2, 0xd2, CALLS],
  [0xfc, 0xfc, OTHERS],
];
