# Curves of NAME.csv over its first column, one a column, named by the header: NAME.svg.
#   gnuplot -e "name='cells'; heading='...'; xname='...'; yname='...'; low=1e-20" overlay.gp
set encoding utf8
set datafile separator ','
set key below Left reverse height 1 maxcols 2 noenhanced samplen 5
set grid lc rgb '#cccccc'
set logscale y
set format y '10^{%L}'
set yrange [low:*]
set title heading noenhanced
set xlabel xname noenhanced offset 0,0.5
set ylabel yname noenhanced
# Okabe and Ito's colours, which colour-blind people tell apart; dashes for those who see none.
set linetype 1 lw 2 dt 1 lc rgb '#0072B2'
set linetype 2 lw 2 dt 2 lc rgb '#D55E00'
set linetype 3 lw 2 dt 4 lc rgb '#009E73'
set linetype 4 lw 2 dt 5 lc rgb '#CC79A7'
set linetype 5 lw 3 dt 3 lc rgb '#E69F00'
set linetype 6 lw 2 dt (14,4) lc rgb '#000000'
set linetype 7 lw 2 dt (2,2) lc rgb '#56B4E9'
set linetype 8 lw 2 dt (8,2,2,2) lc rgb '#888888'
set linetype 9 lw 1 dt 1 lc rgb '#000000'
stats name.'.csv' skip 1 nooutput
set terminal svg size 800,(STATS_columns > 7 ? 640 : 500) background rgb 'white' font 'sans,14'
set output name.'.svg'
plot for [i=2:STATS_columns] name.'.csv' using 1:i with lines lt i-1 title columnheader(i)
