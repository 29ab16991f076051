// Everything works without this file; with it, it works quicker.
import "htmx.org";
import "./js/choices.js";
import "./js/dragging.js";
import "./js/failures.js";
import "./js/forms.js";
import "./js/menus.js";
import "./js/queue.js";
import "./js/renewing.js";
import "./js/timeline.js";
