// MapLibre with its worker in the same file: a page from a disk can load no module and no worker script.
import { Map as GlMap, setWorkerUrl } from "maplibre-gl";
import worker from "worker";

// The ending makes MapLibre start a classic worker, which browsers allow from a blob of a page on a disk.
setWorkerUrl(`${URL.createObjectURL(new Blob([worker], { type: "text/javascript" }))}#worker.cjs`);

DTL.GlMap = GlMap;
