// Airflow calls this component for the page "Gates". Airflow's own frames let no link leave them; this one does.
const theme = () => (document.documentElement.classList.contains("dark") ? "dark" : "light");
const changes = (told) => {
  const watch = new MutationObserver(told);
  watch.observe(document.documentElement, { attributeFilter: ["class"] });
  return () => watch.disconnect();
};
globalThis.AirflowPlugin = () =>
  globalThis.React.createElement("iframe", {
    src: `${new URL("lakegate/", document.baseURI).pathname}?theme=${globalThis.React.useSyncExternalStore(changes, theme)}`,
    title: "Gates",
    style: { border: 0, width: "100%", height: "100%", minHeight: "80vh" },
  });
