import { Greeting } from "../src/greeting.jsx";
import { bucket } from "../src/mount.js";
import "../src/main.js";

export default { title: "Greeting", component: Greeting };

export const Live = {
  loaders: [async () => ({ bucket: await bucket })],
  render: (_, { loaded }) => <Greeting {...loaded} />,
};
