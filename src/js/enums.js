// The numbers of the enums in src/enums.rs. Written by ENUMS=write cargo test --lib enums.

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

export const SOCKET_OPENED = 0;
export const SOCKET_BAD_FRAME = 1;
export const SOCKET_PUT = 2;
export const SOCKET_DELETED = 3;
export const SOCKET_REPLAY = 4;
export const SOCKET_CHANGES = 5;
export const SOCKET_REPLAYED_PUT = 6;
export const SOCKET_REPLAYED_DELETED = 7;
export const SOCKET_SYNCED = 8;
export const SOCKET_REFUSED = 9;
export const SOCKET_TICK = 10;
export const SOCKET_CLOSED = 11;

export const REPLAY_COMPLETE = 0;
export const REPLAY_PRUNED = 1;
export const REPLAY_RESET = 2;

export const VIEW_LOADED = 0;
export const VIEW_READY = 1;
export const VIEW_WATCH_ENDED = 2;
export const VIEW_STOPPED = 3;

export const PAGE_ONLINE = 0;
export const PAGE_HIDDEN = 1;
export const PAGE_VISIBLE = 2;
export const PAGE_OFFLINE = 3;

export const WATCH_CONNECTING = 0;
export const WATCH_CONNECTED = 1;
export const WATCH_RECONNECTING = 2;
export const WATCH_DISCONNECTED = 3;

export const ERROR_IRONFLOW = 0;
export const ERROR_UNAUTHENTICATED = 1;
export const ERROR_UNAUTHORIZED = 2;
export const ERROR_TIMEOUT = 3;
export const ERROR_CONNECTION = 4;
export const ERROR_VALIDATION = 5;
export const ERROR_NOT_CONFIGURED = 6;
