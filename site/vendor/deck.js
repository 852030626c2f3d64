// The parts of deck.gl that draw areas between the layers of MapLibre.
import { HeatmapLayer, HexagonLayer } from "@deck.gl/aggregation-layers";
import { MapLibreOverlay } from "@deck.gl/maplibre";
import { log } from "@luma.gl/core";

// It warns of a texture that the first picture of a heat does not have yet.
log.enable(false);

DTL.deck = { HeatmapLayer, HexagonLayer, MapLibreOverlay };
