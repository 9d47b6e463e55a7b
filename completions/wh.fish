complete --keep-order --exclusive --command wh --arguments "(WH_COMPLETE=fish wh -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
