// The script that Streamlit gets as text: it imports a component's module, and the modules that it needs, from the
// app's own server. BASE, VERSION and MODULES are written in by lossviz/ui/scripts.py; the first module is the
// component. A browser remembers a module that failed to load, so each new attempt has an address of its own.

let attempts = 0;
let loading = null;

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

export default async function mount(component) {
  const { parentElement, setStateValue } = component;
  try {
    const [module] = await load().catch(load);
    if (parentElement.dataset.missing) {
      delete parentElement.dataset.missing;
      setStateValue("missing", false);
    }
    return module.default(component);
  } catch (error) {
    console.warn("lossviz: a script could not be loaded:", error);
    if (!parentElement.dataset.missing) {
      parentElement.dataset.missing = "true";
      setStateValue("missing", true);
    }
    return undefined;
  }
}
