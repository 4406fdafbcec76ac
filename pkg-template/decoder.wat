;; Decodes the text into bytes, in place. JavaScript would interpret this loop 150,000 times before its engine
;; compiles it. inlined.js fills the table.
(module
  (memory (export "memory") 1)

  ;; The entry of the table, which begins at 0 and has two bytes per entry.
  (func $entry (param $place i32) (result i32)
    (i32.load16_u (i32.mul (local.get $place) (i32.const 2))))

  (func $byte (param $at i32) (result i32)
    (i32.load8_u (local.get $at)))

  ;; Returns the end of the bytes, which start at the offset of the text.
  (func (export "decode") (param $from i32) (param $end i32) (result i32)
    (local $to i32)
    (local $value i32)
    (local.set $to (local.get $from))
    (loop $next
      (if (i32.lt_u (local.get $from) (local.get $end))
        (then
          (local.set $value (call $entry (call $byte (local.get $from))))
          ;; Greater than a byte: an escape, which selects the part of the table for the next character.
          (if (i32.gt_u (local.get $value) (i32.const 255))
            (then
              (local.set $from (i32.add (local.get $from) (i32.const 1)))
              (local.set $value
                (call $entry
                  (i32.add
                    (i32.sub (local.get $value) (i32.const 256))
                    (call $byte (local.get $from)))))))
          (i32.store8 (local.get $to) (local.get $value))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))
          (local.set $from (i32.add (local.get $from) (i32.const 1)))
          (br $next))))
    (local.get $to)))
