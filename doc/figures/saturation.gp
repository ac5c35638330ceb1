# How often gates are nearly shut and nearly open, from saturation.csv, which 'unroll reproduce
# karpathy2015-saturation' leaves as gates.csv; a point a seed.
set encoding utf8
set datafile separator ','
set title 'Gates of a trained LSTM: 2 layers of 128, init uniform, forget bias 1, 3 seeds' noenhanced
set xlabel 'share nearly shut (below 0.1)' offset 0,0.5
set ylabel 'share nearly open (above 0.9)'
set xrange [0:1]
set yrange [0:1]
set grid lc rgb '#cccccc'
set key below Left reverse height 1 maxcols 3 noenhanced
set size square
set terminal svg size 640,680 background rgb 'white' font 'sans,14'
set output 'saturation.svg'
gates = 'f i o'
names = 'forget input output'
colours = '#0072B2 #D55E00 #009E73'
# Open shapes for the first layer, full ones for the second; a shape a gate.
shape(g, l) = int(word('4 6 8', g)) + l
of(l, g) = stringcolumn('gate') eq word(gates, g) && column('layer') == l
plot for [g = 1:3] for [l = 0:1] 'saturation.csv' \
    using (of(l, g) ? column('below_0.1') : NaN):(of(l, g) ? column('above_0.9') : NaN) \
    with points pt shape(g, l) ps 1.4 lw 1.5 lc rgb word(colours, g) \
    title word(names, g).' gate, layer '.l, \
    1 - x lc rgb '#777777' dt 3 notitle
