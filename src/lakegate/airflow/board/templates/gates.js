// Airflow calls this component for the page "Gates". Airflow's own frames let no link leave them; this one does.
globalThis.AirflowPlugin = () =>
  globalThis.React.createElement("iframe", {
    src: new URL("lakegate/", document.baseURI).pathname,
    title: "Gates",
    style: { border: 0, width: "100%", height: "100%", minHeight: "80vh", colorScheme: "inherit" },
  });
