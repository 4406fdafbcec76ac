;; Decodes the text into a WebAssembly module. JavaScript would interpret these loops 150,000 times before its engine
;; compiles them. inlined.js fills the tables; opcodes.js explains the parts.
(module
  (memory (export "memory") 1)

  ;; Where the module's next byte goes.
  (global $to (mut i32) (i32.const 0))

  ;; The entry of the table of characters, which begins at 0 and has two bytes per entry.
  (func $entry (param $place i32) (result i32)
    (i32.load16_u (i32.shl (local.get $place) (i32.const 1))))

  ;; Decodes the characters of the text into bytes, in place.
  (func $bytes (param $from i32) (param $end i32)
    (local $to i32)
    (local $value i32)
    (local.set $to (local.get $from))
    (loop $next
      (local.set $value (call $entry (i32.load8_u (local.get $from))))
      ;; Greater than a byte: an escape, which selects the part of the table for the next character.
      (if (i32.gt_u (local.get $value) (i32.const 255))
        (then
          (local.set $from (i32.add (local.get $from) (i32.const 1)))
          (local.set $value
            (call $entry
              (i32.add
                (i32.sub (local.get $value) (i32.const 256))
                (i32.load8_u (local.get $from)))))))
      (i32.store8 (local.get $to) (local.get $value))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $from) (local.get $end)))))

  (func $write (param $byte i32)
    (i32.store8 (global.get $to) (local.get $byte))
    (global.set $to (i32.add (global.get $to) (i32.const 1))))

  ;; Moves the next byte of a part to the module, and returns it. The places of the next bytes begin at 1024.
  (func $move (param $part i32) (result i32)
    (local $place i32)
    (local $byte i32)
    (local.set $part (i32.shl (local.get $part) (i32.const 2)))
    (local.set $place (i32.load offset=1024 (local.get $part)))
    (i32.store offset=1024 (local.get $part) (i32.add (local.get $place) (i32.const 1)))
    (call $write (local.tee $byte (i32.load8_u (local.get $place))))
    (local.get $byte))

  ;; Moves a number, and returns its last byte.
  (func $number (param $part i32) (result i32)
    (local $byte i32)
    (loop $next
      (br_if $next (i32.gt_u (local.tee $byte (call $move (local.get $part))) (i32.const 127))))
    (local.get $byte))

  ;; Moves numbers, or bytes if `$alone`.
  (func $several (param $part i32) (param $count i32) (param $alone i32)
    (loop $next
      (if (local.get $count)
        (then
          (if (local.get $alone)
            (then (drop (call $move (local.get $part))))
            (else (drop (call $number (local.get $part)))))
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (br $next)))))

  ;; Writes the size of what begins 5 bytes after `$from`, and moves it next to its size.
  (func $size (param $from i32)
    (local $start i32)
    (local $size i32)
    (local $left i32)
    (local.set $start (i32.add (local.get $from) (i32.const 5)))
    (local.set $size (i32.sub (global.get $to) (local.get $start)))
    (local.set $left (local.get $size))
    (global.set $to (local.get $from))
    (loop $next
      (if (i32.gt_u (local.get $left) (i32.const 127))
        (then
          (call $write (i32.or (local.get $left) (i32.const 128)))
          (local.set $left (i32.shr_u (local.get $left) (i32.const 7)))
          (br $next))))
    (call $write (local.get $left))
    (memory.copy (global.get $to) (local.get $start) (local.get $size))
    (global.set $to (i32.add (global.get $to) (local.get $size))))

  ;; Leaves room for a size, and returns where it is.
  (func $room (result i32)
    (global.set $to (i32.add (global.get $to) (i32.const 5)))
    (i32.sub (global.get $to) (i32.const 5)))

  ;; Moves the instructions of a function. The part that follows each opcode is in a table at 1280, its alignment in
  ;; one at 1536.
  (func $body
    (local $depth i32)
    (local $opcode i32)
    (local $part i32)
    (local $last i32)
    (local.set $depth (i32.const 1))
    (loop $next
      (local.set $opcode (call $move (i32.const 0)))
      (local.set $part (i32.load8_u offset=1280 (local.get $opcode)))
      (if (i32.eq (local.get $part) (i32.const 3))
        (then (call $write (i32.load8_u offset=1536 (local.get $opcode)))))
      (if (local.get $part)
        (then
          (if (i32.eq (local.get $part) (i32.const 7))
            (then (call $several (local.get $part) (i32.const 8) (i32.const 1)))
            (else (local.set $last (call $number (local.get $part)))))))
      ;; br_table
      (if (i32.eq (local.get $opcode) (i32.const 14))
        (then
          (call $several (local.get $part)
            (i32.add (local.get $last) (i32.const 1)) (i32.const 0))))
      ;; block, loop and if; end
      (local.set $depth
        (i32.sub
          (i32.add
            (local.get $depth)
            (i32.lt_u (i32.sub (local.get $opcode) (i32.const 2)) (i32.const 3)))
          (i32.eq (local.get $opcode) (i32.const 11))))
      (br_if $next (local.get $depth))))

  ;; Decodes the text, and writes the module of so many functions to `$module`. Returns its end. `$before` and
  ;; `$after` are the sizes of the sections around the code.
  (func (export "decode")
    (param $text i32) (param $module i32) (param $before i32) (param $functions i32) (param $after i32)
    (result i32)
    (local $section i32)
    (local $function i32)
    (call $bytes (local.get $text) (local.get $module))
    (global.set $to (local.get $module))
    (call $several (i32.const 9) (local.get $before) (i32.const 1))
    (local.set $section (call $room))
    (drop (call $number (i32.const 8)))
    (loop $next
      (local.set $function (call $room))
      (call $several
        (i32.const 8)
        (i32.shl (call $number (i32.const 8)) (i32.const 1))
        (i32.const 0))
      (call $body)
      (call $size (local.get $function))
      (br_if $next
        (local.tee $functions (i32.sub (local.get $functions) (i32.const 1)))))
    (call $size (local.get $section))
    (call $several (i32.const 9) (local.get $after) (i32.const 1))
    (global.get $to)))
