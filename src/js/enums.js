// The numbers of the enums in src/ffi/enums.rs. Written by ENUMS=write cargo test --lib enums.

export const RACE_RESOLVED = 0;
export const RACE_REFUSED = 1;
export const RACE_TIMED_OUT = 2;
export const RACE_ABORTED = 3;
export const RACE_INTERRUPTED = 4;
export const RACE_NO_FETCH = 5;
export const RACE_FAILED = 6;

export const EXPECTED_NOTHING = 0;
export const EXPECTED_ENTRY = 1;
export const EXPECTED_FOUND = 2;
export const EXPECTED_ENTRIES = 3;
export const EXPECTED_HISTORY = 4;
export const EXPECTED_PUT_RESULT = 5;
export const EXPECTED_KEYS = 6;
export const EXPECTED_BUCKET_INFO = 7;
export const EXPECTED_BUCKETS = 8;
export const EXPECTED_CONNECTED = 9;

export const SETTING_UNSET = 0;
export const SETTING_BOOL = 1;
export const SETTING_NUMBER = 2;
export const SETTING_TEXT = 3;
export const SETTING_ILL_FORMED = 4;
export const SETTING_LIST = 5;
export const SETTING_OBJECT = 6;
export const SETTING_FUNCTION = 7;
export const SETTING_SIGNAL = 8;
export const SETTING_OTHER = 9;
