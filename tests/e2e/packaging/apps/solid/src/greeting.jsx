import { For, from } from "solid-js";

/** A signal of the snapshots of a bucket's keys. */
function createKV(bucket) {
  return from((set) => {
    const view = bucket.view();
    const update = () => set(view.getSnapshot());
    update();
    view.subscribe(update);
    return () => view.stop();
  });
}

export function Greeting(props) {
  const list = createKV(props.bucket);
  return (
    <p>
      {list().status}: <For each={list().entries()}>{(entry) => <span>{entry.value}</span>}</For>
    </p>
  );
}
