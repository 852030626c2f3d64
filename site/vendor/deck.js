// The parts of deck.gl that draw areas between the layers of MapLibre.
import { HeatmapLayer, HexagonLayer } from "@deck.gl/aggregation-layers";
import { MapboxOverlay } from "@deck.gl/mapbox";

DTL.deck = { HeatmapLayer, HexagonLayer, MapboxOverlay };
