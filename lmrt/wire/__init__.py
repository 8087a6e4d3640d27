"""JSON documents: one module a document, each with a version; cattrs is imported only there."""
