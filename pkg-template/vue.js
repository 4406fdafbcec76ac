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

/** What lists and entries share. A component opens its view when it is mounted: never on a server. */
function useSnapshot(bucket, filter, single, options) {
  const instance = getCurrentInstance();
  const source = computed(() =>
    live(toRaw(toValue(bucket)), toValue(filter), single, toValue(options)),
  );
  const data = shallowRef(source.value.start);
  const update = () => {
    data.value = source.value.getSnapshot();
  };
  // The first rendering of what a server has rendered shows what the server did.
  if (!instance?.vnode.el) update();
  const open = () =>
    watchEffect((onCleanup) => {
      onCleanup(source.value.subscribe(update));
      update();
    });
  if (instance) onMounted(open);
  else open();
  return {
    data,
    status: computed(() => data.value.status),
    error: computed(() => data.value.error),
    mutate: (...change) => source.value.mutate(...change),
  };
}

export function useKV(bucket, filter, options) {
  const result = useSnapshot(bucket, filter, false, options);
  return { ...result, entries: computed(() => result.data.value.entries()) };
}

export function useKVEntry(bucket, key, options) {
  const { data, ...result } = useSnapshot(bucket, key, true, options);
  const entry = computed(() => data.value.get(toValue(key)));
  return { ...result, entry, value: computed(() => entry.value?.value) };
}
