import JSON
import OrderedCollections

/// Small files that travel with weights, by name (`config.json`).
public typealias Sidecars = OrderedDictionary<String, JSONValue>
