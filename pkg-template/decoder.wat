;; Makes bytes of the text that stands for them, in place: what JavaScript would interpret 150,000 times
;; before it gets compiled is done at once here. inlined.js knows how the table is made.
(module
  (memory (export "memory") 1)

  ;; What the table, which begins at 0 and has two bytes for an entry, says of a place.
  (func $entry (param $place i32) (result i32)
    (i32.load16_u (i32.mul (local.get $place) (i32.const 2))))

  (func $byte (param $at i32) (result i32)
    (i32.load8_u (local.get $at)))

  ;; Gives the end of the bytes, which begin where the text does.
  (func (export "decode") (param $from i32) (param $end i32) (result i32)
    (local $to i32)
    (local $value i32)
    (local.set $to (local.get $from))
    (loop $next
      (if (i32.lt_u (local.get $from) (local.get $end))
        (then
          (local.set $value (call $entry (call $byte (local.get $from))))
          ;; More than a byte: an escape, which says in which part of the table the next character is.
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
