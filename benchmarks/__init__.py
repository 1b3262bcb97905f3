"""Speed against other libraries. Each side runs in a process of its own, in turn; ratios come from paired rounds."""
