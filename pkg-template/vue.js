// Composables for Vue.

import {
  computed,
  getCurrentInstance,
  onMounted,
  shallowRef,
  toRaw,
  toValue,
  watchEffect,
} from "vue";
import { live } from "./live.js";

/** A ref of the snapshots. A component opens its view when it is mounted: never on a server. */
function useSnapshot(bucket, filter, single, options) {
  const instance = getCurrentInstance();
  const mounted = shallowRef(!instance);
  if (instance) {
    onMounted(() => {
      mounted.value = true;
    });
  }
  const source = computed(() =>
    live(toRaw(toValue(bucket)), toValue(filter), single, toValue(options)?.persist),
  );
  // The first rendering of what a server has rendered shows what the server did.
  const snapshot = shallowRef(
    (instance?.vnode.el && source.value.start) ?? source.value.getSnapshot(),
  );
  watchEffect((onCleanup) => {
    const { subscribe, getSnapshot } = source.value;
    if (!mounted.value) return;
    const update = () => {
      snapshot.value = getSnapshot();
    };
    onCleanup(subscribe(update));
    update();
  });
  return snapshot;
}

export function useKV(bucket, filter, options) {
  const data = useSnapshot(bucket, filter, false, options);
  return { data, entries: computed(() => data.value.entries()), ...outcome(data) };
}

export function useKVEntry(bucket, key, options) {
  const data = useSnapshot(bucket, key, true, options);
  const entry = computed(() => data.value.get(toValue(key)));
  return { entry, value: computed(() => entry.value?.value), ...outcome(data) };
}

const outcome = (data) => ({
  status: computed(() => data.value.status),
  error: computed(() => data.value.error),
});
