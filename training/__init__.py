"""The torch side of scandid: corpora, augmentation, network. The server never imports it."""
