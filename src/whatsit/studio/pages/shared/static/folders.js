// Other programs move, rename and delete pictures too: the studio looks for that when somebody comes back to the page.
// What it finds reaches every page as messages.
import { post } from "./requests.js";
import * as socket from "./socket.js";

const look = () => { if (!document.hidden) post("/api/dataset/refresh").catch(() => {}); };
addEventListener("focus", look);
document.addEventListener("visibilitychange", look);
socket.on("hello", look);
// And while somebody watches, without coming back: whether a folder has changed is quickly told.
const EVERY = 5000; // milliseconds
setInterval(() => { if (!document.hidden && socket.tab) post("/api/dataset/refresh", {}, { if_changed: "yes" }).catch(() => {}); }, EVERY);
