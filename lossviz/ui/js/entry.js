// The script that Streamlit gets as text: it imports a component's module, and the modules that it needs, from the
// app's own server. BASE, VERSION and MODULES are written in by lossviz/ui/scripts.py; the first module is the
// component. A browser remembers a module that failed to load, so each new attempt has an address of its own.

let attempts = 0;
let loading = null;
const calls = new WeakMap(); // element of a component -> how often it was mounted or updated

function load() {
  const version = attempts ? `VERSION.${attempts}` : "VERSION";
  loading ??= Promise.all(
    MODULES.map((name) => import(new URL(`BASE/${version}/${name}.js`, document.baseURI).href)),
  ).catch((error) => {
    loading = null;
    attempts += 1;
    throw error;
  });
  return loading;
}

// Streamlit calls this for every change of a component's data, and cleans up after a call that a newer one has
// overtaken while the modules loaded. Only the newest call counts: with its data, and when it is cleaned up.
export default async function mount(component) {
  const { data, parentElement, setStateValue } = component;
  if (data === null || data === undefined) return undefined; // they are on their way: then this is called again
  const call = (calls.get(parentElement) ?? 0) + 1;
  calls.set(parentElement, call);
  try {
    const [module] = await load().catch(load);
    if (calls.get(parentElement) !== call) return undefined;
    if (parentElement.dataset.missing) {
      delete parentElement.dataset.missing;
      setStateValue("missing", false);
    }
    const clean = module.default(component);
    return () => {
      if (calls.get(parentElement) === call) clean?.();
    };
  } catch (error) {
    console.warn("lossviz: a script could not be loaded:", error);
    if (!parentElement.dataset.missing) {
      parentElement.dataset.missing = "true";
      setStateValue("missing", true);
    }
    return undefined;
  }
}
