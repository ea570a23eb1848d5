// Loads Plotly once for all charts of the page. A failed load is tried once more, and again by the next call.

const PAUSE = 400; // ms before the second attempt

let loading = null;

function addScript(source) {
  return new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = new URL(source, document.baseURI).href;
    script.onload = () => resolve(Boolean(window.Plotly)); // a missing route answers with an HTML page
    script.onerror = () => resolve(false);
    document.head.append(script);
  });
}

async function attempt(source) {
  if (window.Plotly || (await addScript(source))) return true;
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  return addScript(source);
}

// A promise of whether window.Plotly is there.
export function loadPlotly(source) {
  loading ??= attempt(source).then((loaded) => {
    if (!loaded) loading = null;
    return loaded;
  });
  return loading;
}
