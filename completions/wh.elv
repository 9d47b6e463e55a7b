
set edit:completion:arg-completer[wh] = { |@words|
    var index = (count $words)
    set index = (- $index 1)

    put (env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=(to-string $index) WH_COMPLETE="elvish" wh -- $@words) | to-lines
}

