"""Wrong implementations written without the library's steps, to measure how causes are named."""
